"""Pages for people who are not in the chat: no login, a signed link is the permission."""
