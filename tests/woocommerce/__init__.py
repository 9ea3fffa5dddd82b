"""The plugin for WooCommerce, as its zip holds it, in a shop of doubles against a real PayGate."""
