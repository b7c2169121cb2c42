"""HTTP below the routes: limits on connections and requests, request IDs, error bodies and logs."""
