"""Where the speed and memory figures of the README come from: ratios between things that ran side by side."""
