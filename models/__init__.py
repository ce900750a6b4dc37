"""The CRM itself. Knows no platform, no card and no HTTP."""
