// Where a failure is said: at the field that it is about, or else on the card.

import { byId } from "../dom.js";
import { hideTrouble, showTrouble } from "../trouble.js";
import { desk } from "./desk.js";
import { showIdeaFault } from "./ideas.js";
import { illustrating } from "./illustrating.js";
import { showInstructionFault } from "./outline.js";
import { openPhase } from "./phases.js";
import { showPremiseFault } from "./premise.js";
import { showSetupFaults } from "./setup.js";

const AT_FIELDS = [
  { phase: "setup", show: showIdeaFault },
  { phase: "setup", show: showSetupFaults },
  { phase: "premise", show: showPremiseFault },
  { phase: "outline", show: showInstructionFault },
];

export function showCard(trouble, again) {
  showTrouble(trouble, again, true);
  byId("trouble").scrollIntoView({ block: "nearest" });
}

function showAnywhere(trouble, again) {
  for (const { phase, show } of AT_FIELDS) {
    const box = show(trouble.fields);
    if (box) {
      openPhase(phase);
      box.focus();
      return;
    }
  }
  showCard(trouble, again);
}

export function setUpTroubles() {
  let last = null;
  desk.troubled = showAnywhere;
  illustrating.troubled = showAnywhere;
  desk.onChange(() => {
    if (desk.work && desk.work !== last) hideTrouble();
    last = desk.work;
  });
}
