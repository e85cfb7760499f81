"""How days and times may be typed, by language: Django looks here before it takes its own."""
