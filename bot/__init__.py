"""How the outside world reaches us and how we reach it."""
