/** How devices are told of a private zone, English. `{name}` is replaced by a value. */
export const devicesEnglish = {
  profileName: 'Names of {zone}',
  profileAbout: 'Asks {url} for the names of {zone}, and for no others. Removing this profile undoes it.',
  profileOpenIos: 'Send the file to the device, by AirDrop, mail or a link, and open it there.',
  profileInstallIos: 'On the device: Settings → Profile Downloaded → Install. It then works on Wi-Fi and on cellular.',
  profileUndoIos: 'Undo: Settings → General → VPN & Device Management → {name} → Remove Profile.',
  profileOpenMacos: 'Open the file on the Mac.',
  profileInstallMacos: 'On the Mac: System Settings → General → Device Management → {name} → Install.',
  profileUndoMacos: 'Undo: System Settings → General → Device Management → {name} → Remove (−).',
  profileAgain: 'Installing a newer file replaces the older one.',
  hostsInstall: 'Install: paste the line below into a terminal. Doing it again changes nothing.',
  hostsInstallWindows:
    'Install: paste the line below into PowerShell, opened as administrator. Doing it again changes nothing.',
  hostsUndo: 'Undo: this line gives back the file as it was.',
  androidIntro: 'Android has no setting for the names of one zone alone. In this order:',
  androidRouter:
    '1. The router: tell it of the zone ("postern devices" for openwrt, dnsmasq, routeros or adguard). Phones on its ' +
    'Wi-Fi need nothing then.',
  androidBrowser:
    '2. Without the router: a browser kept for this alone. In Firefox: Settings → DNS over HTTPS → Max Protection → ' +
    'Custom, and type {url} (public DNS must know the name in it). It then finds the names of {zone}, and no others.',
  androidNot:
    '3. Not in the browser of every day and not under Private DNS: every name would be asked here, and all but those ' +
    'of {zone} are refused.',
  androidUndo: 'Undo: set DNS over HTTPS back to Default Protection.',
  androidNames: 'What is told:',
  dnsmasqInstall: 'Put the file into /etc/dnsmasq.d, and restart dnsmasq: systemctl restart dnsmasq',
  dnsmasqUndo: 'Undo: delete {file} there, and restart dnsmasq.',
  dnsmasqBelow: 'What lies below one of the names gets its address, too.',
  openwrtInstall: 'Install: run the line below on the router (ssh root@192.168.1.1). Doing it again changes nothing.',
  openwrtUndo: 'Undo: run this line there.',
  routerosInstall: 'Install: run the lines below in the terminal of the router. Doing it again changes nothing.',
  routerosUndo: 'Undo: run this line there.',
  adguardInstall:
    'Install: set ADGUARD to the address of AdGuard Home (http://192.168.1.2:3000) and ADGUARD_LOGIN to ' +
    'NAME:PASSWORD, then run the lines below. Doing it again changes nothing.',
  adguardUndo: 'Undo: run these lines.',
  written: 'Wrote {file}.',
} as const;

export type DevicesTexts = { readonly [Key in keyof typeof devicesEnglish]: string };
