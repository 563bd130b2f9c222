-- Sends every request with the next of many Cookie headers, and reports what happened as one line
-- of JSON. Arguments: FILE START THREADS
--
--   FILE     Cookie headers, one a line, all of one length
--   START    where in it the first thread begins, from 0 to 1; the others follow at equal distances

local percentiles = { 0, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99 }
local count = 0

function setup(thread)
    thread:set("number", count)
    count = count + 1
end

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    headers = file:read("*a")
    file:close()
    width = headers:find("\n", 1, true)
    total = #headers / width
    local threads = tonumber(arguments[3])
    place = math.floor((tonumber(arguments[2]) + number / threads) * total) % total
    before = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nCookie: "
end

function request()
    local first = place * width + 1
    place = (place + 1) % total
    return before .. headers:sub(first, first + width - 2) .. "\r\n\r\n"
end

function done(summary, latency)
    local errors = summary.errors
    local curve = {}
    for index, percentile in ipairs(percentiles) do
        curve[index] = string.format("[%g, %d]", percentile, latency:percentile(percentile))
    end
    print(string.format(
        'RESULT {"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "latency": [%s]}',
        summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.timeout, errors.status,
        table.concat(curve, ", ")))
end
