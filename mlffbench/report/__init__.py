"""Reports: outcome documents -> results -> data frames -> tables and figures -> text, CSV and HTML."""
