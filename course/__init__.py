"""What a notebook of the course imports: checks, small models, data, figures, widgets."""
