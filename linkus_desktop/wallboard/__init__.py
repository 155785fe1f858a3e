"""View-models of the supervisor's wallboard; no widgets."""
