-- Which columns do vendors send that we have none for?
-- Their values are in `extra` under these headings, or withheld where numbers are masked or pseudonyms.
SELECT
  export, heading,
  min(dt) AS first_dt,
  max(dt) AS last_dt,
  count(*) AS reports
FROM {database}.receipts
CROSS JOIN UNNEST(unknown_headings) AS unknown(heading)
WHERE dt BETWEEN {opening} AND {closing}
  AND export IN ({only})
GROUP BY export, heading
ORDER BY first_dt, export, heading
