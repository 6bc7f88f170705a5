"""Bibliography of results: the works behind methods, data and packages, as BibTeX."""
