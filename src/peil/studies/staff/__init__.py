"""Parts of the study of staff and customers."""
