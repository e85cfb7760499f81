"""The panel: the site, and what every app of it stands on."""
