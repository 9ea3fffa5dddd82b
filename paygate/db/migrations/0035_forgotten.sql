-- A merchant whose dossier was forgotten is approved again only once it is known anew who it is.
ALTER TABLE merchants ADD COLUMN forgotten_at timestamptz;
UPDATE merchants m SET forgotten_at = a.at
  FROM (SELECT merchant_id, max(at) AS at FROM audit_log WHERE action = 'dossier.forget' GROUP BY merchant_id) a
 WHERE a.merchant_id = m.merchant_id AND m.status <> 'APPROVED'
   AND NOT EXISTS (SELECT 1 FROM dossiers d WHERE d.merchant_id = m.merchant_id);
