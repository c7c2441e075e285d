-- Dates and sources of which only calls of some outcome were asked for, so that no share of them says anything.
SELECT DISTINCT export AS chosen_export, dt AS chosen_dt, source AS chosen_source
FROM {database}.windows
WHERE month BETWEEN substr({since}, 1, 7) AND substr({until}, 1, 7)
  AND export IN ({only})
  AND regexp_like(narrowed, '(^|,)({outcome})(,|$)')
