"""Documents: PDFs, TIFF files of several pages, animations; read page by page, written as PDF."""
