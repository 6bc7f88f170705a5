"""HTML pages in one file each: the frame, style and script that the report and the datasheet share."""
