-- Every call of the days asked about, once, with its day and its time in the zone asked for.
-- `dt` is the UTC date of a call's window, which is at most two days after its own day and one before: calls
-- further away, or without a start, count on the nearest day. By the join a filter on `day` may become one on `dt`.
-- The wall clock goes through a text: Athena has refused the cast of a time with a zone, or cast it to UTC's clock
-- (github.com/cube-js/cube/issues/10779).
SELECT timed.*, days.day
FROM (
  SELECT
    zoned.*,
    least(
      greatest(CAST(local_at AS date), CAST(date_add('day', -2, CAST(dt AS date)) AS date)),
      CAST(date_add('day', 1, CAST(dt AS date)) AS date)
    ) AS own_day,
    CASE direction WHEN 'inbound' THEN from_country ELSE to_country END AS country,
    coalesce(call_id, row_id) AS call
  FROM (
    SELECT
      calls.*,
      date_parse(
        date_format(
          with_timezone(coalesce(started_at, CAST(dt AS timestamp)), 'UTC') AT TIME ZONE '{zone}', '%Y-%m-%d %H:%i:%s'
        ),
        '%Y-%m-%d %H:%i:%s'
      ) AS local_at
    FROM {database}.calls
    WHERE dt BETWEEN {since} AND {until}
      AND export IN ({only})
  ) AS zoned
) AS timed
JOIN (
  SELECT day, CAST(CAST(date_add('day', later, day) AS date) AS varchar) AS window_dt
  FROM UNNEST(sequence({first}, {last}, INTERVAL '1' DAY)) AS asked(day)
  CROSS JOIN UNNEST(ARRAY[-1, 0, 1, 2]) AS reach(later)
) AS days
  ON days.window_dt = timed.dt AND days.day = timed.own_day
