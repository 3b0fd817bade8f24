"""Parts of the study of working from home."""
