/**
 * What the customer-records service holds, as the bytes it answers. Everything is made up; the numbers are the
 * well-known test numbers.
 */
const ADA = `{
  "id": 7,
  "name": "Ada Moreau",
  "email": "ada.moreau@mail.example",
  "phone": "+44 20 7946 0011",
  "birth_date": "1984-03-09",
  "ssn": "078-05-1120",
  "address": {"street": "4 Mill Lane", "city": "Leeds"}
}`;

const BO = `{
  "id": 8,
  "name": "Bo Lindqvist",
  "email": "bo@post.example",
  "phone": "+46 8 555 0142",
  "birth_date": "1990-11-30",
  "ssn": "219-09-9999",
  "address": {"street": "12 Harbour Row", "city": "Malmö"}
}`;

/** One total is beyond what a double holds: it arrives digit by digit all the same. */
const ORDERS = `[
  {"id": 501, "person": 7, "total": 129.50, "currency": "EUR", "coupon": "ADA-10"},
  {"id": 502, "person": 8, "total": 9007199254740993, "currency": "JPY", "coupon": null}
]`;

const CARD = `{
  "id": 7,
  "holder": "Ada Moreau",
  "number": "4111 1111 1111 1111",
  "expires": "2029-08",
  "notes": ["asked for a higher limit", "lost her purse in May"]
}`;

/** `ai_summary` is new: the service's own team added it, and nobody has decided who may see it. */
const NOTE = `{
  "person": 7,
  "author": "dr.osei",
  "text": "Reports headaches since March.",
  "ai_summary": "Likely migraine."
}`;

/** Cut off in the middle, as a service that crashed would. */
const BROKEN = `{"id": 13, "name": "Cy Ortega", "ssn": "457-55-5462", "ema`;

/** Path → body. */
export const RECORDS: ReadonlyMap<string, string> = new Map([
	["/people", `[${ADA},\n${BO}]`],
	["/people/7", ADA],
	["/people/13", BROKEN],
	["/orders", ORDERS],
	["/cards/7", CARD],
	["/notes/7", NOTE],
	["/admin", `{"secret": "the admin page"}`],
	["/healthz", `{"status": "ok"}`],
]);
