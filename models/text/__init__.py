"""The language parts, pure: words in, values or a refusal out."""
