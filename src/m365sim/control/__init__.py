"""The control plane under /_sim, which no real tenant has: reset, change, faults, clock, true answer, ledger."""
