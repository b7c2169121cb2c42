"""The search for training options: trials proposed by Optuna, each scored by cross-validation."""
