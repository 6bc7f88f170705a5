"""Output formats: terminal, Markdown, CSV and one HTML page."""
