"""HTTP below the routes: limits on connections and requests, request ids, error bodies, logs."""
