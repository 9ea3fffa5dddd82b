"""PayGate: a self-hosted PromptPay payment gateway."""

__version__ = "0.1.0"
