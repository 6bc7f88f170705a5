"""Documents in, tables, figures and pages out: every report is a view of the outcome documents."""
