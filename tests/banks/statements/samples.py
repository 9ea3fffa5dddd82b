"""Statements in the layouts of Thai banks, with invented accounts, people and money."""

from __future__ import annotations

# K PLUS / K BIZ: Gregorian days, one column of money, its sign told by the words and the balance, titles above.
KBANK = '''\
ธนาคารกสิกรไทย,,,,,,
รายการเดินบัญชีเงินฝากออมทรัพย์,,,,,,
เลขที่บัญชีเงินฝาก,406-1-23456-7,,ชื่อบัญชี,บริษัท ตัวอย่าง จำกัด,,
รอบระหว่างวันที่,01/05/2026 - 03/05/2026,,,,,
,,,,,,
วันที่,"เวลา/
วันที่มีผล",รายการ,ถอนเงิน/ฝากเงิน,ยอดเงินคงเหลือ,ช่องทาง,รายละเอียด
01-05-26,,ยอดยกมา,,"1,000.00",,
01-05-26,08:15,รับโอนเงิน,150.25,"1,150.25",K PLUS,จาก X1234 นาย ทดสอบ ก++
01-05-26,09:30,โอนเงิน,200.00,950.25,K PLUS,โอนไป SCB X9876 ยอดยกมา 9999.00
02-05-26,23:59,รับโอนเงินผ่าน QR,"1,234.56","2,184.81",EDC/K SHOP,"อ้าง ""รับโอนเงิน"""
03-05-26,00:00,รับโอนเงิน,150.25,"2,335.06",K PLUS,จาก X1234
,,รวมถอนเงิน 1 รายการ,200.00,,,
,,รวมฝากเงิน 3 รายการ,"1,535.06",,,
'''

# SCB-like: two columns, Buddhist years, day and time in one column, newest first.
SCB = """\
Account Number;xxx-x-x7890-x
วันที่/เวลา;รายการ;ถอนเงิน (บาท);ฝากเงิน (บาท);ยอดคงเหลือ (บาท);ช่องทาง
03/05/2569 10:05:30;รับโอน;0.00;99.50;1,449.50;ENET
02/05/2569 18:00:00;ถอนเงินสด;650.00;-;1,350.00;ATM
01/05/2569 07:00:10;รับโอน;;2,000.00;2,000.00;ENET
"""

# TTB-like: a signed column, English words, tabs, two-digit Buddhist years.
TTB = """\
Transaction Date\tTime\tDescription\tAmount\tBalance
1/5/69\t09:00\tTransfer in\t+500.00\t500.00
1/5/69\t9.15 น.\tFee\t-15.00\t485.00
2/5/69\t21:40\tTransfer in\t฿1,000\t1,485.00
"""

# BAY-like: Thai months, a CR/DR marker beside the amount, no balance.
BAY = """\
วันที่ทำรายการ|รายละเอียด|จำนวนเงิน|Dr/Cr|เลขที่อ้างอิง
1 พ.ค. 2569 08:00 น.|เงินโอนเข้า|๑,๐๐๐.๕๐|CR|TX0001
2 พฤษภาคม 2569|จ่ายบิล|300.00|DR|TX0002
"""

MT940 = """\
{1:F01BKKBTHBKAXXX0000000000}{2:O9400000260503BKKBTHBKAXXX00000000002605030000N}{4:
:20:STMT260501
:25:4061234567
:28C:121/1
:60F:C260430THB1000,00
:61:2605010501C150,25NTRFNONREF//BK0000001
:86:INCOMING TRANSFER
FROM SOMEBODY
:61:2605010502RC50,NTRFNONREF//BK0000002
:61:260502D200,00NTRFCUST01
:61:2605020502RD10,50NMSCNONREF
:62F:C260502THB910,75
-}
"""

CAMT = """\
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><FrToDt><FrDtTm>2026-05-01T00:00:00+07:00</FrDtTm><ToDtTm>2026-05-02T23:59:59+07:00</ToDtTm></FrToDt>
<Acct><Id><Othr><Id>406-1-23456-7</Id></Othr></Id><Ccy>THB</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="THB">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-05-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="THB">1220.25</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-05-02</Dt></Dt></Bal>
<Ntry><Amt Ccy="THB">150.25</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2026-05-01T01:15:00Z</DtTm></BookgDt><ValDt><Dt>2026-05-02</Dt></ValDt>
<AcctSvcrRef>BK0000001</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RmtInf><Ustrd>Coffee</Ustrd><Strd><CdtrRefInf><Ref>inv001</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="THB">100</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-05-02</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><TxId>T1</TxId></Refs><Amt Ccy="THB">60.00</Amt></TxDtls>
<TxDtls><Refs><TxId>T2</TxId></Refs><Amt Ccy="THB">40.00</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="THB">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-05-02</Dt></BookgDt></Ntry>
<Ntry><Amt Ccy="THB">77.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2026-05-02</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
