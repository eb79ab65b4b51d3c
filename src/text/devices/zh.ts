import type { DevicesTexts } from './en.ts';

/** How devices are told of a private zone, Simplified Chinese. */
export const devicesChinese: DevicesTexts = {
  profileName: '{zone} 的域名',
  profileAbout: '只向 {url} 查询 {zone} 的域名，不查询其他域名。移除此描述文件即可还原。',
  profileOpenIos: '通过隔空投送、邮件或链接把文件发送到设备，并在设备上打开。',
  profileInstallIos: '在设备上：设置 → 已下载描述文件 → 安装。之后在 Wi-Fi 和蜂窝网络下都有效。',
  profileUndoIos: '还原：设置 → 通用 → VPN 与设备管理 → {name} → 移除描述文件。',
  profileOpenMacos: '在 Mac 上打开该文件。',
  profileInstallMacos: '在 Mac 上：系统设置 → 通用 → 设备管理 → {name} → 安装。',
  profileUndoMacos: '还原：系统设置 → 通用 → 设备管理 → {name} → 移除（−）。',
  profileAgain: '安装较新的文件会替换旧的。',
  hostsInstall: '安装：把下面这一行粘贴到终端中。重复执行不会有任何变化。',
  hostsInstallWindows: '安装：以管理员身份打开 PowerShell，粘贴下面这一行。重复执行不会有任何变化。',
  hostsUndo: '还原：这一行会把文件恢复原样。',
  androidIntro: 'Android 没有只针对某个区域的域名设置。请按以下顺序选择：',
  androidRouter:
    '1. 路由器：把该区域告诉路由器（用“postern devices”生成 openwrt、dnsmasq、routeros 或 adguard 的配置）。' +
    '连接其 Wi-Fi 的手机无需任何设置。',
  androidBrowser:
    '2. 没有可设置的路由器时：用一个专用的浏览器。在 Firefox 中：设置 → DNS over HTTPS → 最大保护 → 自定义，输入 {url}' +
    '（其中的域名必须能被公共 DNS 解析）。此后它只能找到 {zone} 的域名。',
  androidNot: '3. 不要在日常使用的浏览器或“私人 DNS”中设置：那样所有域名都会到这里查询，而除 {zone} 以外的都会被拒绝。',
  androidUndo: '还原：把 DNS over HTTPS 改回“默认保护”。',
  androidNames: '提供的域名：',
  dnsmasqInstall: '把文件放入 /etc/dnsmasq.d，然后重启 dnsmasq：systemctl restart dnsmasq',
  dnsmasqUndo: '还原：删除那里的 {file}，然后重启 dnsmasq。',
  dnsmasqBelow: '这些域名之下的子域名也会得到相同的地址。',
  openwrtInstall: '安装：在路由器上（ssh root@192.168.1.1）运行下面这一行。重复执行不会有任何变化。',
  openwrtUndo: '还原：在那里运行这一行。',
  routerosInstall: '安装：在路由器的终端中运行下面几行。重复执行不会有任何变化。',
  routerosUndo: '还原：在那里运行这一行。',
  adguardInstall:
    '安装：把 ADGUARD 设为 AdGuard Home 的地址（http://192.168.1.2:3000），把 ADGUARD_LOGIN 设为“用户名:密码”，' +
    '然后运行下面几行。重复执行不会有任何变化。',
  adguardUndo: '还原：运行这几行。',
  written: '已写入 {file}。',
};
