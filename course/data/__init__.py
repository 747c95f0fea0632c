"""Texts and made-up worlds with their loaders: what models learn from, what retrieval searches, whom DPO prefers;
and the questions of the interview guide."""
