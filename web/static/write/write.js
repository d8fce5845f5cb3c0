// The page of long stories: from the setup, through premise and outline, to the written and illustrated story.

import { Trouble } from "../api.js";
import { byId } from "../dom.js";
import { setUpLightbox } from "../lightbox.js";
import { setUpAssistant } from "./assistant.js";
import { readChoices } from "./calls.js";
import { chooseAgain, setUpConflict } from "./conflict.js";
import { setUpEditor } from "./editor.js";
import { setUpExport } from "./exporting.js";
import { offerTemplates, setUpIdeas } from "./ideas.js";
import { setUpOutline } from "./outline.js";
import { setUpPhases } from "./phases.js";
import { setUpPlates } from "./plates.js";
import { setUpPremise } from "./premise.js";
import { setUpProjects } from "./projectlist.js";
import { setUpReading } from "./reading.js";
import { setUpSaved } from "./saved.js";
import { saving } from "./saving.js";
import { afterDeletion, beginNew, leaveDeleted, openProject, setUpSession, takeOther } from "./session.js";
import { makeSetup, setUpSetup } from "./setup.js";
import { setUpShortcuts } from "./shortcuts.js";
import { setUpSidebar } from "./sidebar.js";
import { setUpStale } from "./stale.js";
import { drawSteps, setUpSteps } from "./steps.js";
import { store } from "./store.js";
import { setUpTitle, retitle } from "./title.js";
import { setUpTroubles, showCard } from "./troubles.js";
import { setUpUndoing } from "./undoing.js";
import { setUpWorkPanel } from "./workpanel.js";

/** The form of the setup is what the service says it is. */
async function fetchChoices() {
  try {
    const choices = await readChoices();
    makeSetup(choices);
    offerTemplates(choices.templates ?? []);
    // The length that is wanted is known now.
    store.set({});
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    byId("fields").setAttribute("aria-busy", false);
    showCard(trouble, fetchChoices);
  }
}

setUpSetup();
setUpIdeas();
setUpPremise();
setUpOutline();
setUpEditor();
setUpPlates();
setUpReading();
setUpExport({ troubled: showCard, done: drawSteps });
setUpTitle();
setUpPhases();
setUpSteps();
setUpStale();
setUpWorkPanel();
setUpTroubles();
setUpUndoing();
setUpShortcuts();
setUpAssistant();
setUpSidebar();
setUpLightbox();
setUpSaved({ choose: chooseAgain });
setUpConflict({ keepMine: (other) => saving.overwrite(other), takeOther });
setUpProjects({ open: openProject, begin: beginNew, retitle, leave: leaveDeleted, deleted: afterDeletion });
fetchChoices();
setUpSession();
