-- Sends every request with the session cookie of the next account, and reports what happened
-- as one line of JSON. Arguments: FILE with one Cookie header value a line.

local requests = {}
local turn = 0

function init(arguments)
    for cookie in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", nil, { ["Cookie"] = cookie })
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format(
        'RESULT {"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d}',
        summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
