"""Setting up an installation: places, organisations, people, the first administrator, the demo organisation."""
