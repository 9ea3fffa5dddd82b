"""What banks send by themselves when money arrived. Unsigned: a hint, and the bank's own inquiry is the truth."""
