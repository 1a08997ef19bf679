"""What is printed in the background, and the fonts it is printed with."""
