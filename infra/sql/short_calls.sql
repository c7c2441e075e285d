-- Where are answered calls suspiciously short (a signature of fraud)?
-- By the first {digits} characters of the other party's number; short is up to {seconds} seconds; from {least} such calls.
SELECT
  export, direction, country, prefix, currency,
  count_if(duration_s <= {seconds}) AS short,
  count(*) AS answered,
  CAST(count_if(duration_s <= {seconds}) AS double) / count(*) AS short_share,
  sum(CASE WHEN duration_s <= {seconds} THEN cost END) AS cost
FROM (
  SELECT legs_asked.*,
    substr(
      CASE direction WHEN 'inbound' THEN coalesce(from_number, from_raw) ELSE coalesce(to_number, to_raw) END, 1, {digits}
    ) AS prefix
  FROM ({rows}) AS legs_asked
  WHERE answered
) AS taken
GROUP BY export, direction, country, prefix, currency
HAVING count_if(duration_s <= {seconds}) >= {least}
ORDER BY short DESC, short_share DESC, export, direction, prefix, country, currency
LIMIT {lines}
