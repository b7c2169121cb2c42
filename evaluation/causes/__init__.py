"""Why a submission lost points: faults that are diagnosed from what happened, and what followed from each."""
