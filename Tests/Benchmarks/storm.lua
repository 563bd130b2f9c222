-- Logs in again and again as fast as the answers come: the right password, a wrong one, an unknown
-- name, in turns; each from one of 2^17 addresses, with names drawn from those of people.py.
-- Reports the answers by status as one line of JSON. Arguments: PASSWORD PEOPLE PAUSE
--
--   PAUSE    milliseconds between an answer and the next request of that client; 0 for none

local thread

function setup(one)
    thread = one
end

function init(arguments)
    password, people = arguments[1], tonumber(arguments[2])
    turn, counts = 0, {}
    local pause = tonumber(arguments[3])
    if pause > 0 then
        delay = function() return pause end
    end
end

function request()
    turn = turn + 1
    local kind = turn % 3
    local name = string.format(kind == 2 and "nobody%07d@bench.example" or "user%07d@bench.example",
        math.random(0, people - 1))
    local body = string.format('{"username": "%s", "password": "%s"}', name,
        kind == 1 and "wrong" .. password or password)
    local address = string.format("198.%d.%d.%d", math.random(18, 19), math.random(0, 255),
        math.random(0, 255))
    return wrk.format("POST", nil,
        { ["Content-Type"] = "application/json", ["X-Real-IP"] = address }, body)
end

function response(status)
    counts[status] = (counts[status] or 0) + 1
end

function done(total)
    local counts = thread:get("counts")
    local statuses = {}
    for status, count in pairs(counts) do
        statuses[#statuses + 1] = string.format('"%d": %d', status, count)
    end
    local errors = total.errors
    print(string.format('RESULT {"microseconds": %d, "failed": %d, "statuses": {%s}}',
        total.duration, errors.connect + errors.read + errors.write + errors.timeout,
        table.concat(statuses, ", ")))
end
