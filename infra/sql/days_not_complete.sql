-- Which days are not complete, and why?
-- By UTC date, up to yesterday; a day of an active export, since its start, that has no window at all is open too.
SELECT
  coalesce(days.export, covered.export) AS export,
  coalesce(days.day, covered.day) AS day,
  coalesce(state, 'open') AS state,
  coalesce(windows, 0) AS windows,
  coalesce(copied, 0) AS copied,
  coalesce(reasons, CASE WHEN state IS NULL THEN 'it has no window' END) AS reasons
FROM (
  SELECT active_export AS export, day
  FROM (VALUES {active}) AS active(active_export, active_start)
  LEFT JOIN (
    SELECT export AS known_export, min(day) AS known_day
    FROM ({coverage}) AS known
    GROUP BY export
  ) AS begun
    ON known_export = active_export
  CROSS JOIN UNNEST(sequence({first}, {last}, INTERVAL '1' DAY)) AS asked(day)
  WHERE active_export IN ({only})
    AND day >= coalesce(active_start, known_day, {first})
    AND day < current_date
) AS days
FULL JOIN ({coverage}) AS covered
  ON covered.export = days.export AND covered.day = days.day
WHERE coalesce(state, 'open') <> 'complete'
ORDER BY export, day
