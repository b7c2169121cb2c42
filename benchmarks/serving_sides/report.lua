-- Ask with one body, and print what wrk has measured as one line of JSON.
-- Arguments: the file of the body, the content type, then names and values of further headers.
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = args[2]
  for place = 3, #args, 2 do
    wrk.headers[args[place]] = args[place + 1]
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
