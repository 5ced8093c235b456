"""The control plane under /_sim, which no real tenant has: reset, change, faults, clock, the true answer, the ledger."""
