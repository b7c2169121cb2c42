"""The page at `/`: draw a figure or fill in a form, and see the prediction."""
