#!/bin/sh
# sbom.sh VERSION: what keurmerk of this version is made of, as CycloneDX 1.5: the libraries that it is built with, in the
# versions that are on this machine, and what it has within. The same machine gives the same bytes.
set -eu
version=$1
pkg_config=${PKG_CONFIG-pkg-config}

cat <<END
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": {
    "component": {
      "type": "application",
      "bom-ref": "keurmerk",
      "name": "keurmerk",
      "version": "$version",
      "licenses": [{ "license": { "id": "EUPL-1.2" } }]
    }
  },
  "components": [
END
refs=
# The name for pkg-config, the name that people use, and the licence.
while read -r module name licence; do
  at=$("$pkg_config" --modversion "$module")
  cat <<END
    {
      "type": "library",
      "bom-ref": "$name",
      "name": "$name",
      "version": "$at",
      "purl": "pkg:generic/$name@$at",
      "licenses": [{ "expression": "$licence" }]
    },
END
  refs="$refs\"$name\", "
done <<END
libcrypto openssl Apache-2.0
sqlite3 sqlite blessing
libpq postgresql PostgreSQL
libmicrohttpd libmicrohttpd LGPL-2.1-or-later
libqrencode libqrencode LGPL-2.1-or-later
jansson jansson MIT
libidn2 libidn2 LGPL-3.0-or-later OR GPL-2.0-or-later
libcurl curl curl
libseccomp libseccomp LGPL-2.1-only
p11-kit-1 p11-kit BSD-3-Clause
zbar zbar LGPL-2.1-or-later
zlib zlib Zlib
libpng libpng libpng-2.0
expat expat MIT
librsvg-2.0 librsvg LGPL-2.1-or-later
cairo cairo LGPL-2.1-only OR MPL-1.1
END
cat <<END
    {
      "type": "library",
      "bom-ref": "jsqr",
      "name": "jsqr",
      "version": "1.4.0",
      "purl": "pkg:npm/jsqr@1.4.0",
      "licenses": [{ "license": { "id": "Apache-2.0" } }]
    }
  ],
  "dependencies": [
    { "ref": "keurmerk", "dependsOn": [$refs"jsqr"] }
  ]
}
END
