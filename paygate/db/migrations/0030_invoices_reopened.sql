-- An invoice whose payment the bank took back is open again. What was paid too little is added to the next one.
ALTER TABLE journals DROP CONSTRAINT journals_kind_check;
ALTER TABLE journals ADD CONSTRAINT journals_kind_check
      CHECK (kind IN ('payment.paid', 'credit.parked', 'credit.released', 'payment.reversed', 'settlement.requested',
                      'settlement.released', 'payout.sent', 'payout.unsent', 'payout.confirmed', 'payout.returned',
                      'shortfall.netted', 'refund.requested', 'refund.released', 'invoice.paid', 'invoice.unpaid', 'correction'));
ALTER TABLE fee_invoices DROP CONSTRAINT fee_invoices_credit_satang_check;
