"""Cards: values made of a closed set of elements, and how each surface shows them."""
