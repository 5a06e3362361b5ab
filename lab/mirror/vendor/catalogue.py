# catalogue.py DIRECTORY FILES: the catalogue that the program has built in, with the digests of the fixtures below FILES in the place
# of the vendor's, and rows.json besides. A row without a digest stays without one, so that it is downloaded over TLS and pinned.
import datetime, hashlib, json, os, sys

here, files = sys.argv[1:]


def load(name):
    with open(os.path.join(here, name)) as f:
        return json.load(f)


drivers = load("drivers.json")
rows = drivers["drivers"]
for row in load("rows.json"):
    if not os.path.isfile(os.path.join(files, row["url"].split("://")[1])):
        continue
    after = row.pop("after")
    at = next(i for i, r in enumerate(rows) if r["id"] == after)
    like = dict(rows[at])
    like.update(row)
    rows.insert(at + 1, {k: v for k, v in like.items() if v is not None or k in ("version", "sha256", "seconds")})
for row in rows:
    path = os.path.join(files, (row.get("url") or "https://none").split("://")[1])
    if not os.path.isfile(path):
        continue
    with open(path, "rb") as f:
        data = f.read()
    row["downloadBytes"] = len(data)
    if row.get("sha256"):
        row["sha256"] = hashlib.sha256(data).hexdigest()
expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3650)
json.dump({"schema": "ib-vmext/catalogue/1", "about": "Fixture of the lab.", "version": drivers["version"] + ".1",
           "expires": expires.strftime("%Y-%m-%dT00:00:00Z"), "sizes": load("sizes.json")["sizes"],
           "adapters": load("adapters.json")["adapters"], "drivers": rows}, sys.stdout, indent=1)
