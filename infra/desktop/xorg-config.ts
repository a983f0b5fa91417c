// The configuration of an X server without hardware: the dummy driver, whose RANDR outputs behave
// like those of a graphics card (several monitors, plugged and unplugged, each with its own mode).
import { modeline, type Size } from './modeline.ts';

/** The largest desktop that plugging in more monitors may make; memory is used only when shown. */
const MAX_DESKTOP = { width: 8192, height: 4320 };
const BYTES_PER_PIXEL = 4;

/** @param sizes of the monitors; the first is the one the server starts with. */
export function xorgConfig(sizes: readonly Size[]): string {
  const modelines = [...new Map(sizes.map(modeline).map((line) => [line.name, line])).values()];
  const videoRamKib = (MAX_DESKTOP.width * MAX_DESKTOP.height * BYTES_PER_PIXEL) / 1024;
  return `Section "ServerFlags"
  # No device of the machine feeds this display, whatever is plugged into it.
  Option "AutoAddDevices" "false"
  Option "AutoEnableDevices" "false"
  Option "DontVTSwitch" "true"
EndSection

Section "Device"
  Identifier "graphics"
  Driver "dummy"
  VideoRam ${videoRamKib}
EndSection

Section "Monitor"
  Identifier "monitor"
  HorizSync 5.0-1000.0
  VertRefresh 5.0-200.0
  Option "ReducedBlanking" "true"
${modelines.map(({ name, timings }) => `  Modeline "${name}" ${timings}`).join('\n')}
EndSection

Section "Screen"
  Identifier "screen"
  Device "graphics"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual ${MAX_DESKTOP.width} ${MAX_DESKTOP.height}
    Modes ${modelines.map(({ name }) => `"${name}"`).join(' ')}
  EndSubSection
EndSection
`;
}
