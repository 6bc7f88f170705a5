"""Results folder: documents of cases, and the files beside them."""
